-- What a room has answered to commands and to clients' references. Answers lie in two generations:
-- the younger one becomes the former one when it is old or large enough, and the former one goes. So an
-- answer is found for at least as long as one generation lasts, whatever the clocks of those who ask.
--
-- ARGV[1] command     ARGV[2] now
-- ARGV[3] how long a generation lasts     ARGV[4] how many answers it takes, each of two fields at most

local command, now, lasting, most = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local since

-- The answer to the command, and the one that was given under a reference, if there is one.
local function recall(reference)
  reference = reference or ''
  local young = call('HMGET', outcomes, 'since', command, reference)
  local old = call('HMGET', former, command, reference)
  since = young[1]
  return young[2] or old[1], young[3] or old[2]
end

-- After `recall`. A room that never was, or was closed, does not begin to remember.
local function remembers()
  return since or call('EXISTS', former) == 1
end

-- After `recall`.
local function remember(answer, reference)
  if since and (math.abs(now - since) >= tonumber(lasting) or call('HLEN', outcomes) > 2 * most) then
    call('RENAME', outcomes, former)
    since = false
  end
  if reference then
    call('HSET', outcomes, command, answer, reference, answer)
  else
    call('HSET', outcomes, command, answer)
  end
  if not since then
    call('HSET', outcomes, 'since', now)
    call('PEXPIRE', outcomes, 2 * lasting)
  end
end
