-- Changes what the room holds beside its log.
--
-- ARGV[8] user     ARGV[9] `code`, `whiteboard` or `recording`
-- ARGV[10] for the code its newest change; for the whiteboard its newest stroke, empty for the log's end; for
--          recording 1 or 0
-- ARGV[11] the code or the whiteboard; missing for a whiteboard that is empty
--
-- Gives { `set`, roster, reach } or { `not_member` }.

local user, kind, number, data = unpack(ARGV, 8)

if not call('ZSCORE', members, user) then
  return { 'not_member' }
end
local seq, roster, reach, changes = unpack(call('HMGET', head, 'seq', 'roster', 'reach', 'code'))
if kind == 'code' then
  local version = math.min(tonumber(number), tonumber(changes or 0))
  if tonumber(call('HGET', state, 'version') or 0) <= version then
    call('HSET', state, 'code', data, 'version', string.format('%d', version))
  end
elseif kind == 'whiteboard' then
  local place = math.min(tonumber(number) or tonumber(seq), tonumber(seq))
  call('HSET', state, 'seq', string.format('%d', place))
  if data then
    call('HSET', state, 'whiteboard', data)
  else
    call('HDEL', state, 'whiteboard')
  end
else
  local changed
  if number == '1' then
    changed = call('HSETNX', state, 'recording', 1)
  else
    changed = call('HDEL', state, 'recording')
  end
  if changed == 1 then
    roster = call('HINCRBY', head, 'roster', 1)
  end
end
keep()
return { 'set', roster, reach or '' }
