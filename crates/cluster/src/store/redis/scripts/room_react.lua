-- Sets or takes back a mark on a message, and appends the event if that changes something.
--
-- ARGV[8] message id     ARGV[9] user     ARGV[10] emoji     ARGV[11] 1 to set, 0 to take back
-- ARGV[12] event     ARGV[13] time
--
-- Gives { answer, reach }. The answer is lines: `changed`, epoch, number, time; `unchanged`;
-- `no_such_message`; `not_member`.

local message, user, emoji, on, event, at = unpack(ARGV, 8)

local epoch, seq, due, reach = unpack(call('HMGET', head, 'epoch', 'seq', 'due', 'reach'))
local answer = recall()
if answer then
  return { answer, reach or '' }
end

if not (epoch and call('ZSCORE', members, user)) then
  if epoch or remembers() then
    remember('not_member')
  end
  return { 'not_member' }
end

local marked, oldest = find(message, seq)
if not marked then
  remember('no_such_message')
  return { 'no_such_message' }
end

local mark = string.format('%d\n', marked) .. user .. '\n' .. emoji
local changed
if on == '1' then
  changed = call('ZADD', marks, marked, mark)
  call('PEXPIRE', marks, age + slack())
else
  changed = call('ZREM', marks, mark)
end
if changed == 0 then
  remember('unchanged')
  return { 'unchanged' }
end
call('ZREMRANGEBYSCORE', marks, '-inf', '(' .. oldest)

local number = push(seq, due, '', at, event)
answer = 'changed\n' .. epoch .. '\n' .. number .. '\n' .. at
remember(answer)
return { answer, reach }
