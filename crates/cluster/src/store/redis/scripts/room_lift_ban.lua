-- Lets a user come back who was kept out.
--
-- ARGV[1] user
--
-- Gives nothing.

call('SREM', banned, ARGV[1])
