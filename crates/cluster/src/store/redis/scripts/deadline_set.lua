-- Sets a deadline, or moves it.
-- KEYS: the partition's deadlines.
-- ARGV: the deadline's key, milliseconds of its time, milliseconds until an abandoned partition is
-- forgotten.

redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 0
