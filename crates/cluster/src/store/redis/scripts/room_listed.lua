-- Takes a room out of the list of rooms if there is no such room.
--
-- ARGV[1] the room
--
-- Gives 1 if there is one, else 0.

if call('HEXISTS', head, 'epoch') == 1 and not is_forgotten() then
  return 1
end
call('ZREM', all, ARGV[1])
return 0
