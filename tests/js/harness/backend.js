// A backend of the deployment: it speaks to the operations port with an administrator's token.

/** What answers an administrator's request: status and, if there is one, the JSON body. */
export async function operate(server, method, path, body) {
  const response = await fetch(`${server.operationsUrl}${path}`, {
    method,
    headers: { Authorization: `Bearer ${server.token('operator', { admin: true })}` },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : undefined };
}
