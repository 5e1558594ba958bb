-- Reads a part of the log.
--
-- ARGV[1] `after` or `before`     ARGV[2] number     ARGV[3] how many
--
-- Gives nothing if there is no such room; else { number of the first entry, entries, whether there are more
-- in that direction, epoch, seq }.

local direction, number, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local epoch, seq = unpack(call('HMGET', head, 'epoch', 'seq'))
if not epoch or is_forgotten() then
  return false
end
seq = tonumber(seq)
local oldest = seq + 1 - call('LLEN', log) / 3

local from, to, more
if direction == 'after' then
  from = math.max(oldest, number + 1)
  to = math.min(seq, from + limit - 1)
  more = to < seq
else
  to = math.min(seq, math.max(number - 1, 0))
  from = math.max(oldest, to + 1 - limit)
  more = oldest < from
end

local entries = {}
if from <= to then
  entries = call('LRANGE', log, 3 * (from - oldest), 3 * (to - oldest) + 2)
end
return { from, entries, more, epoch, seq }
