-- Moves a mark of a member forward.
--
-- ARGV[1] user     ARGV[2] `read` or `delivered`     ARGV[3] message, or empty
-- ARGV[4] number of the entry if it is no message, empty for the log's end
--
-- Gives { `moved`, from, to }; { `unchanged` }; { `no_such_message` }; { `not_member` }.

local user, cursor, message, to = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])

local person = call('ZSCORE', members, user) and call('HGET', people, user)
if not person then
  return { 'not_member' }
end
local seq = tonumber(call('HGET', head, 'seq'))
if message ~= '' then
  to = find(message, seq)
  if not to then
    return { 'no_such_message' }
  end
end
to = math.min(to or seq, seq)
local before, read, delivered, after = string.match(person, '^(%d+ %d+ %d) (%d+) (%d+)( .*)$')
local from = tonumber(cursor == 'read' and read or delivered)
if to <= from then
  return { 'unchanged' }
end
if cursor == 'read' then
  read = to
else
  delivered = to
end
call('HSET', people, user, before .. string.format(' %d %d', read, delivered) .. after)
return { 'moved', from, to }
