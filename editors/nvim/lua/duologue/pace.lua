---Runs `send` at the first push, at once, and then at most once in `interval_ms` for as long as pushes go on.
---No push is lost: one that comes while waiting makes `send` run at the end of the wait.
---@param interval_ms integer
---@param send fun()
---@return fun() push
return function(interval_ms, send)
  local timer = assert(vim.uv.new_timer())
  local resting, due = false, false

  local function turn()
    if not due then
      resting = false
      return
    end
    due = false
    timer:start(interval_ms, 0, vim.schedule_wrap(turn))
    send()
  end

  return function()
    due = true
    if not resting then
      resting = true
      turn()
    end
  end
end
