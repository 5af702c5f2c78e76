---All that can be done at this moment, to choose from.
local M = {}

---@class duologue.Choice
---@field verb string
---@field label string
---@field argument? string

local SNOOZES = { "10", "30", "60", "240" }

---@return duologue.Choice[]
function M.choices()
  local status = require("duologue.status")
  local offer = require("duologue.offers").list()[1]
  local started, microphone = status.started(), status.get().microphone
  local text = offer and (": " .. offer.text) or ""
  local all = {
    { status.trouble() == "lost", "start", "Start the server again" },
    { vim.fn.executable(require("duologue.walkthrough").program()[1]) == 0, "install", "Install the server" },
    { not started and status.trouble() == "", "start", "Start the voice" },
    { started and offer, "accept", "Accept the suggestion" .. text },
    { started and offer, "dismiss", "Dismiss the suggestion" .. text },
    { started and offer, "dismiss", "Never suggest anything of this kind again", "forever" },
    { offer, "jump", "Go to the suggestion" },
    { started and status.sounding(), "hush", "Silence" },
    { started and microphone ~= "muted", "mute", "Mute the microphone" },
    { started and microphone == "muted", "unmute", "Unmute the microphone" },
    { started, "talk", status.talking() and "End talking" or "Talk" },
    { started, "why", "Why did you say that?" },
    { started, "repeat", "Say it again" },
    { started, "snooze", "Snooze: nothing unprompted for a while" },
    { started and microphone ~= "asleep", "sleep", "Sleep: the microphone is closed until you wake it" },
    { started and microphone == "asleep", "wake", "Wake" },
    { started, "stop", "Stop the voice" },
    { true, "transcript", "Open the transcript" },
    { true, "status", "What runs" },
    { true, "check", "Check the microphone" },
    { true, "log", "Show the log" },
    { true, "walkthrough", "Get started" },
  }
  local choices = {}
  for _, row in ipairs(all) do
    if row[1] then
      table.insert(choices, { verb = row[2], label = row[3], argument = row[4] })
    end
  end
  return choices
end

local function snooze()
  vim.ui.select(SNOOZES, {
    prompt = "Nothing unprompted for how long?",
    format_item = function(minutes)
      return minutes .. " minutes"
    end,
  }, function(minutes)
    if minutes then
      require("duologue.commands").run({ "snooze", minutes })
    end
  end)
end

function M.open()
  vim.ui.select(M.choices(), {
    prompt = "Duologue: " .. require("duologue.status").line(),
    kind = "duologue",
    format_item = function(choice)
      return choice.label
    end,
  }, function(choice)
    if choice and choice.verb == "snooze" then
      snooze()
    elseif choice then
      require("duologue.commands").run({ choice.verb, choice.argument })
    end
  end)
end

return M
