-- Ends a socket's attendance, and its user's membership if that is asked for or the user is a guest.
--
-- ARGV[8] socket     ARGV[9] user     ARGV[10] 1 to end the membership     ARGV[11] the room
--
-- Gives { attendance that ended (see `take_out`), roster, whether the membership ended, reach, whether nobody is
-- a member any more }.

local socket, user, for_good, room = unpack(ARGV, 8)

local epoch
epoch, roster, reach = unpack(call('HMGET', head, 'epoch', 'roster', 'reach'))
roster, reach = tonumber(roster or 0), reach or ''

local answer = recall()
if answer then
  local left, version, ended, deserted = unpack(cmsgpack.unpack(answer))
  return { left, version, ended, reach, deserted }
end
if not epoch or is_forgotten() then
  if remembers() then
    remember(cmsgpack.pack({ false, 0, false, false }))
  end
  return { false, 0, false, '', false }
end

local left = false
local attending = call('HGET', attendance, socket)
if attending then
  local owner, _, _, _, media = parts_of(attending)
  if owner == user then
    left = take_out(socket, attending)
    count_change(left[4] or media ~= '')
  end
end
local ended = settle(user, for_good == '1')
local deserted = ended and call('EXISTS', members) == 0
remember(cmsgpack.pack({ left, roster, ended, deserted }))
call('HSET', head, 'roster', roster, 'reach', reach)
if left and reach == '' then
  call('HSET', head, 'quiet', now)
end

if is_forgotten() then
  call('DEL', marks, state)
  call('ZREM', all, room)
  call('PEXPIRE', head, 2 * lasting)
elseif reach == '' then
  keep()
end
return { left, roster, ended, reach, deserted }
