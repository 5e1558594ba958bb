-- Removes the note of a socket at a gateway if the socket is not connected there. Begins with
-- presence.lua.
-- ARGV, from the third on: socket, gateway.

local number, _, gateway = place(ARGV[3])
if not number or gateway ~= ARGV[4] then
  redis.call('ZREM', connected, note(ARGV[4], ARGV[3]))
end
settle()
return 0
