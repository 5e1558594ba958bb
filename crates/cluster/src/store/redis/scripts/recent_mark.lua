-- Marks a room as written to.
-- KEYS: the partition's marks.
-- ARGV: the room, now, the time up to which marks are forgotten, milliseconds that a mark is kept.

redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 0
