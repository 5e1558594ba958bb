-- Notes a socket of a user, or that it moved. Begins with presence.lua.
-- ARGV, from the third on: socket, gateway, what it speaks, whether the user is a guest (1 or 0), how
-- many sockets the user may have, now.
-- Gives 1 if the socket is noted, 0 if there are too many.

local socket, gateway = ARGV[3], ARGV[4]
local number, _, previous = place(socket)
if number then
  redis.call('ZREM', connected, note(previous, socket))
elseif redis.call('HLEN', sockets) >= tonumber(ARGV[7]) then
  return 0
else
  number = redis.call('HINCRBY', person, 'sockets', 1)
end
redis.call('HSET', sockets, socket, number .. ' ' .. ARGV[5] .. ' ' .. gateway)
redis.call('HSET', person, 'guest', ARGV[6], 'seen', ARGV[8])
redis.call('ZADD', connected, 0, note(gateway, socket))
redis.call('SADD', online, user)
settle()
return 1
