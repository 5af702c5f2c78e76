---Push-to-talk without a key-up. A terminal tells that a key went down and never that it came up, but a held key repeats
---itself: repeats that stop are a key let go. A press that nothing follows was a tap, and a tap is a toggle.

---@class duologue.TalkKey
---@field press fun() the key went down, or repeats; a second tap looks like the first repeat, and ends as one does
---@field reset fun() talking ended for another reason, such as the voice being off

local M = {
  ---Longest wait for the first repeat: systems wait 0.25 to 0.66 s, the slowest 1 s.
  FIRST_REPEAT_MS = 1100,
  ---Repeats come every 30 to 100 ms; a silence this long is a key let go.
  LET_GO_MS = 250,
}

---@param delay_ms integer
---@param run fun()
---@return fun() cancel
local function later(delay_ms, run)
  local timer = assert(vim.uv.new_timer())
  local function cancel()
    timer:stop()
    if not timer:is_closing() then
      timer:close()
    end
  end
  timer:start(delay_ms, 0, function()
    vim.schedule(function()
      if not timer:is_closing() then
        cancel()
        run()
      end
    end)
  end)
  return cancel
end

---@param say fun(down: boolean) told when talking begins and ends
---@param after? fun(delay_ms: integer, run: fun()): fun() runs later, returns what cancels it; a real timer if absent
---@return duologue.TalkKey
function M.new(say, after)
  after = after or later
  local down, repeats = false, 0
  ---@type fun()? nil while nothing is waited for
  local cancel

  local function stop_waiting()
    if cancel then
      cancel()
      cancel = nil
    end
  end

  ---@param value boolean
  local function set(value)
    if not value then
      stop_waiting()
    end
    down = value
    say(value)
  end

  ---@param delay_ms integer
  local function wait(delay_ms)
    stop_waiting()
    cancel = after(delay_ms, function()
      cancel = nil
      if repeats > 0 then
        set(false)
      end
    end)
  end

  local key = {}

  function key.press()
    if not down then
      repeats = 0
      set(true)
      wait(M.FIRST_REPEAT_MS)
    elseif not cancel then
      set(false) -- it was latched by a tap
    else
      repeats = repeats + 1
      wait(M.LET_GO_MS)
    end
  end

  function key.reset()
    stop_waiting()
    down = false
  end

  return key
end

return M
