-- Lists members in the order of joining.
--
-- ARGV[1] how many
--
-- Gives what is kept of each; nothing if there is no such room.

if is_forgotten() then
  return false
end
return first_members(tonumber(ARGV[1]))
