-- What is known of a user. Changes nothing.
-- KEYS: the user's person and sockets.
-- Gives status, last seen, whether announced (each nothing if it is not known), and how many sockets
-- there are.

local known = redis.call('HMGET', KEYS[1], 'status', 'seen', 'announced')
return {known[1], known[2], known[3], redis.call('HLEN', KEYS[2])}
