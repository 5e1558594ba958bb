-- How many of a partition's users have sockets, and how many sockets there are.
-- KEYS: the partition's online users and connected sockets.

return {redis.call('SCARD', KEYS[1]), redis.call('ZCARD', KEYS[2])}
