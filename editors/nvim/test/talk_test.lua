local talk = require("duologue.talk")

---@return duologue.TalkKey key
---@return boolean[] said
---@return fun(ms: integer) wait lets virtual time pass
local function key()
  local now, due, said = 0, {}, {}
  local function after(delay_ms, run)
    local entry = { at = now + delay_ms, run = run }
    table.insert(due, entry)
    return function()
      entry.at = math.huge
    end
  end
  local function wait(ms)
    now = now + ms
    for _, entry in ipairs(vim.deepcopy(due)) do
      if entry.at <= now then
        entry.run()
      end
    end
    due = vim.tbl_filter(function(entry)
      return entry.at > now and entry.at < math.huge
    end, due)
  end
  return talk.new(function(down)
    table.insert(said, down)
  end, after), said, wait
end

test("a held key talks until its repeats stop", function()
  local held, said, wait = key()
  held.press()
  wait(500)
  for _ = 1, 50 do
    held.press()
    wait(33)
  end
  equal(said, { true })
  wait(talk.LET_GO_MS)
  equal(said, { true, false })
end)

test("a tap talks until the next tap, however late", function()
  local tapped, said, wait = key()
  tapped.press()
  wait(talk.FIRST_REPEAT_MS + 60000)
  equal(said, { true })
  tapped.press()
  equal(said, { true, false })
end)

test("two quick taps end talking too", function()
  local tapped, said, wait = key()
  tapped.press()
  wait(400)
  tapped.press()
  wait(talk.LET_GO_MS)
  equal(said, { true, false })
end)

test("after a reset the next press begins", function()
  local reset, said, wait = key()
  reset.press()
  reset.reset()
  wait(talk.FIRST_REPEAT_MS)
  reset.press()
  equal(said, { true, true })
end)

test("a key held again after it was let go talks again", function()
  local held, said, wait = key()
  for _ = 1, 2 do
    held.press()
    wait(600)
    held.press()
    wait(talk.LET_GO_MS)
  end
  equal(said, { true, false, true, false })
end)
