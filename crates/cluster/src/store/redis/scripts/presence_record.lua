-- What is known of a user. Changes nothing.
-- KEYS: the user's person and sockets.
-- Gives status, last seen, whether announced, how many sockets are not looked at, shown status (each nothing if
-- it is not known), and how many sockets there are.

local known = redis.call('HMGET', KEYS[1], 'status', 'seen', 'announced', 'idle', 'shown')
return {known[1], known[2], known[3], known[4], known[5], redis.call('HLEN', KEYS[2])}
