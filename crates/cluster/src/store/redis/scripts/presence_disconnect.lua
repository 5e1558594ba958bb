-- Forgets a socket of a user. Begins with presence.lua.
-- ARGV, from the third on: socket, now.
-- Gives how many sockets are left.

local socket = ARGV[3]
local number, _, gateway = place(socket)
if number then
  redis.call('HDEL', sockets, socket)
  look_at(socket, true)
  redis.call('ZREM', connected, note(gateway, socket))
  redis.call('HSET', person, 'seen', ARGV[4])
end
settle()
return redis.call('HLEN', sockets)
