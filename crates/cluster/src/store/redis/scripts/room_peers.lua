-- Lists the attendants that can be signalled, in the order in which they became peers.
--
-- Gives socket, attending and what is kept of the user of each.

local found = {}
for _, peer in ipairs(call('ZRANGE', peers, 0, -1)) do
  local attending = call('HGET', attendance, peer)
  found[#found + 1], found[#found + 2] = peer, attending
  found[#found + 1] = call('HGET', people, string.match(attending, '^[^\n]*'))
end
return found
