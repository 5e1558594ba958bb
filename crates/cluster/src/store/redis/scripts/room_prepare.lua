-- Makes users members; makes the room if there is none.
--
-- ARGV[8] `open` or `members` for who may come in from now on, or empty     ARGV[9] epoch of a new log
-- ARGV[10] time     ARGV[11] the room
-- ARGV[12] and on, for each user: the user, 1 for a guest, encoded user
--
-- Gives nothing.

local access, new_epoch, at, room = unpack(ARGV, 8, 11)

local epoch, seq, version, turn = unpack(call('HMGET', head, 'epoch', 'seq', 'roster', 'turn'))
if not epoch or is_forgotten() then
  version = make_anew(tonumber(version or -1), at)
  epoch, seq, turn = new_epoch, 0, 0
  call('HSET', head, 'epoch', epoch, 'seq', 0, 'roster', version, 'reach', '')
  call('ZADD', all, 0, room)
end
if access == 'members' then
  call('HSET', head, 'access', access)
elseif access == 'open' then
  call('HDEL', head, 'access')
end
turn = tonumber(turn or 0)
for i = 12, #ARGV, 3 do
  turn = turn + 1
  enroll(ARGV[i], ARGV[i + 1], ARGV[i + 2], turn, tonumber(seq))
end
call('HSET', head, 'turn', turn)
expire(tonumber(at))
keep()
