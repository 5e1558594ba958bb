-- Removes a room with everything that it remembers, but for its roster's version, so that a room that is
-- made of the same name soon begins with a higher one.
--
-- ARGV[1] how long the version is kept     ARGV[2] the room
--
-- Gives { attendance, members, people } as they were: sockets with their attendings, users, users with what
-- was kept of them.

local was = { call('HGETALL', attendance), call('ZRANGE', members, 0, -1), call('HGETALL', people) }
local roster = call('HGET', head, 'roster')
remove(roster, ARGV[1], ARGV[2])
return was
