-- Writes something to the log that is no message.
--
-- ARGV[8] `code`, `stroke`, `clearing` or `deletion`     ARGV[9] author, empty for the system
-- ARGV[10] the message to delete, or empty     ARGV[11] event     ARGV[12] time
--
-- Gives { answer, reach }. The answer is lines: `written`, epoch, number, time, number of the code change or
-- nothing; `no_such_message`; `not_member`.

local kind, author, message, event, at = unpack(ARGV, 8)

local epoch, seq, due, reach = unpack(call('HMGET', head, 'epoch', 'seq', 'due', 'reach'))
local answer = recall()
if answer then
  return { answer, reach or '' }
end

local may_write
if author == '' then
  may_write = not is_forgotten()
else
  may_write = call('ZSCORE', members, author)
end
if not (epoch and may_write) then
  if epoch or remembers() then
    remember('not_member')
  end
  return { 'not_member' }
end

local what, version = '', ''
if kind == 'code' then
  version = string.format('%d', call('HINCRBY', head, 'code', 1))
  what = '\n' .. version
elseif kind == 'stroke' then
  what = '\n\n'
elseif kind == 'clearing' then
  call('DEL', log, marks)
else
  local number, oldest = find(message, seq)
  if not number then
    remember('no_such_message')
    return { 'no_such_message' }
  end
  local place = 3 * (number - oldest)
  call('LSET', log, place, '')
  call('LSET', log, place + 2, event)
  call('ZREMRANGEBYSCORE', marks, number, number)
end

local number = push(seq, due, what, at, event)
answer = 'written\n' .. epoch .. '\n' .. number .. '\n' .. at .. '\n' .. version
remember(answer)
return { answer, reach }
