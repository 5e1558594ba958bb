-- Appends a message.
--
-- ARGV[8] reference     ARGV[9] author, empty for the system     ARGV[10] author's socket, or empty
-- ARGV[11] 1 to write though the chat is off     ARGV[12] message id     ARGV[13] event     ARGV[14] time
--
-- Gives { answer, reach }. The answer is lines: `appended`, message id, epoch, number, time; the same
-- with `repeated` in front; `not_member`; `chat_disabled`.

local reference, author, socket, as_admin, message, event, at = unpack(ARGV, 8)

local epoch, seq, due, muted, reach = unpack(call('HMGET', head, 'epoch', 'seq', 'due', 'muted', 'reach'))
local answer, sent = recall(reference)
if answer then
  return { answer, reach or '' }
end

local may_post
if author == '' then
  may_post = not is_forgotten()
else
  may_post = call('ZSCORE', members, author)
end
if not (epoch and may_post) then
  if epoch or remembers() then
    remember('not_member')
  end
  return { 'not_member' }
end
if sent then
  answer = 'repeated\n' .. sent
  remember(answer)
  return { answer }
end
if muted and as_admin == '0' and (socket == '' or socket ~= call('ZRANGE', peers, 0, 0)[1]) then
  remember('chat_disabled')
  return { 'chat_disabled' }
end

local number = push(seq, due, message, at, event)
answer = 'appended\n' .. message .. '\n' .. epoch .. '\n' .. number .. '\n' .. at
remember(answer, reference ~= '' and reference)
return { answer, reach }
