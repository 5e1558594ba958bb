-- Which commands the user of this connection may not use on keys of the deployment.
-- ARGV: a key, then the commands.
-- Gives those that are not permitted.

local refused = {}
for i = 2, #ARGV do
  -- Twice, because some have two keys.
  if not redis.acl_check_cmd(ARGV[i], ARGV[1], ARGV[1]) then
    refused[#refused + 1] = ARGV[i]
  end
end
return refused
