-- Notes that a session's transport is lost, if the gateway holds it.
-- KEYS: the session.
-- ARGV: gateway, now, the time until which it can be resumed, the same as milliseconds from now; then
-- for each position the room's field, epoch and sequence number.
-- Gives 1 if the gateway holds it, else 0.

if redis.call('HGET', KEYS[1], 'gateway') ~= ARGV[1] then
  return 0
end
for i = 5, #ARGV, 3 do
  local known = redis.call('HGET', KEYS[1], ARGV[i])
  if known then
    local ordinal, explicit = string.match(known, '^(%d+) %d+ %d+ (%d)$')
    redis.call('HSET', KEYS[1], ARGV[i], table.concat({ordinal, ARGV[i + 1], ARGV[i + 2], explicit}, ' '))
  end
end
if redis.call('HSETNX', KEYS[1], 'lost', ARGV[2]) == 1 then
  redis.call('HSET', KEYS[1], 'until', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return 1
