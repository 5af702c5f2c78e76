---The last word of the server about microphone, user and partner, and how it reads in a line.
local M = {}

---@alias duologue.Trouble ""|"starting"|"lost"

---@type duologue.State
local off = {
  voice = "off",
  microphone = "off",
  user = "quiet",
  partner = "silent",
  health = "ok",
  message = "",
  seq = 0,
}

---@type duologue.State
local state = vim.deepcopy(off)
---What stands between us and a server, when there is none.
---@type duologue.Trouble
local trouble = ""
local talking = false

local microphones = {
  open = "◉ listening",
  push_to_talk = "◍ push to talk",
  muted = "◌ muted",
  asleep = "◌ asleep",
  dozing = "◌ dozing",
  absent = "✗ no microphone",
  elsewhere = "◌ in another editor",
  off = "◌ microphone off",
}

local partners = { speaking = "▶ speaking", ducked = "▷ speaking low", thinking = "… thinking" }

local voices = { off = "○ off", loading = "… loading", restarting = "… restarting" }

---@return duologue.State
function M.get()
  return vim.deepcopy(state)
end

---@return boolean whether the voice was asked for and has not been stopped
function M.started()
  return trouble == "" and state.voice ~= "off"
end

---@return duologue.Trouble
function M.trouble()
  return trouble
end

---@return boolean whether somebody speaks, so that captions have to stay
function M.sounding()
  return state.user == "speaking" or state.partner ~= "silent"
end

---@param down? boolean
---@return boolean whether push-to-talk is held; the server is told by whoever sets it
function M.talking(down)
  if down ~= nil then
    talking = down and M.started()
  end
  return talking
end

local function announce()
  vim.api.nvim_exec_autocmds("User", { pattern = "DuologueState", modeline = false, data = M.get() })
  vim.cmd.redrawstatus({ bang = true })
end

---@param new duologue.State
---@return boolean whether it is news; an older one that came late is not
function M.set(new)
  new = vim.iter(pairs(new)):fold({}, function(known, field, value)
    known[field] = value ~= vim.NIL and value or nil
    return known
  end)
  if (new.seq or 0) < state.seq then
    return false
  end
  state, trouble = vim.tbl_extend("force", off, new), ""
  if state.voice == "off" then
    talking = false
  end
  announce()
  return true
end

---Without a server nothing is known of the voice; with a new one, `""`, nothing has happened yet.
---@param why duologue.Trouble
---@param message? string
function M.without(why, message)
  state = vim.tbl_extend("force", off, { message = message or "", health = why == "lost" and "error" or "ok" })
  trouble, talking = why, false
  announce()
end

---@return string
local function microphone()
  if state.microphone == "push_to_talk" and talking then
    return "◉ talk now"
  end
  if state.user == "speaking" and (state.microphone == "open" or state.microphone == "push_to_talk") then
    return "◉ hearing you"
  end
  return microphones[state.microphone] or tostring(state.microphone)
end

---@return string
local function words()
  if trouble ~= "" then
    return trouble == "lost" and "✗ no server" or "… starting"
  end
  if voices[state.voice] then
    return voices[state.voice]
  end
  if state.voice == "failed" then
    local reason = vim.split(state.message, "[;\n]")[1]
    return "✗ no voice" .. (reason ~= "" and ": " .. vim.fn.strcharpart(reason, 0, 60) or "")
  end
  local partner = partners[state.partner]
  if not partner then
    return microphone()
  end
  -- Whoever is not simply listening must see that also while the partner has the floor.
  local simple = state.microphone == "open" and state.user ~= "speaking"
  return simple and partner or ("%s · %s"):format(partner, microphone())
end

---@return string short, free of '%', fit for a statusline
function M.line()
  local text = words()
  if state.health ~= "ok" and not text:find("✗") then
    text = text .. " ⚠"
  end
  return (text:gsub("%%", " percent"))
end

---@return string the highlight group that fits the line
function M.group()
  if trouble == "lost" or state.voice == "failed" or state.health == "error" then
    return "DuologueStatusError"
  end
  if state.health == "warning" then
    return "DuologueStatusWarning"
  end
  local heard = talking or state.microphone == "open"
  if M.started() and (heard or state.partner == "speaking" or state.partner == "ducked") then
    return "DuologueStatusLive"
  end
  return "DuologueStatusQuiet"
end

---@return string[] all that is known, in plain words
function M.facts()
  local facts = { M.line() }
  if trouble == "" then
    table.insert(facts, ("voice %s, microphone %s"):format(state.voice, (tostring(state.microphone):gsub("_", " "))))
    if type(state.latencyMs) == "number" then
      table.insert(facts, ("the last answer began after %d ms"):format(state.latencyMs))
    end
    local parts = type(state.parts) == "table" and state.parts or {}
    for part, used in vim.spairs(parts) do
      table.insert(facts, ("%s: %s"):format(part, used))
    end
  end
  if state.message ~= "" then
    table.insert(facts, state.message)
  end
  return facts
end

return M
