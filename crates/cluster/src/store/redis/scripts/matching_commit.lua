-- Writes and removes records, if no other step has come in between.
-- KEYS: the number of the newest step, the records.
-- ARGV: the expected number, milliseconds until abandoned records are forgotten, then for each change the
-- record's name and what it is from now on (nothing: it is removed).
-- Gives 1 if it was carried out, else 0.

if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1] + 1, 'PX', ARGV[2])
for index = 3, #ARGV, 2 do
  if ARGV[index + 1] == '' then
    redis.call('HDEL', KEYS[2], ARGV[index])
  else
    redis.call('HSET', KEYS[2], ARGV[index], ARGV[index + 1])
  end
end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1
