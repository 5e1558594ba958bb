-- Notes whether a user looks at a socket of theirs. Begins with presence.lua.
-- ARGV, from the third on: socket, 1 or 0, now.

if place(ARGV[3]) then
  look_at(ARGV[3], ARGV[4] == '1')
  redis.call('HSET', person, 'seen', ARGV[5])
end
settle()
return 0
