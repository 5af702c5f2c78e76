---@meta

---@alias duologue.Position "bottom"|"bottom_right"|"top_right"

---@class duologue.CaptionOptions
---@field enabled boolean
---@field position duologue.Position where on the screen; it gives way when the cursor is there
---@field width integer most columns of text
---@field timeout_ms integer how long the last words stay once nobody speaks
---@field border string any border of nvim_open_win()

---@class duologue.Options
---@field cmd string[] how the server is started
---@field filetypes? string[] nil: every file that has a name
---@field settings table sent to the server as section `duologue`; the server names the unknown ones
---@field captions duologue.CaptionOptions
---@field offers boolean|"inlay_hint" show suggestions at their line, ourselves or as Neovim's inlay hints
---@field keymaps table<string, string> verb to key, such as { talk = "<F9>" }

---What setup() takes: every field may be absent, and `captions` may be true or false.
---@class duologue.UserOptions
---@field cmd? string[]
---@field filetypes? string[]
---@field settings? table
---@field captions? boolean|table
---@field offers? boolean|"inlay_hint"
---@field keymaps? table<string, string>

---The mirror of ClientState in protocol.py.
---@class duologue.State
---@field voice "off"|"loading"|"ready"|"restarting"|"failed"
---@field microphone "off"|"push_to_talk"|"open"|"muted"|"asleep"|"absent"|"elsewhere"|"dozing"
---@field user "quiet"|"speaking"|"typing"
---@field partner "silent"|"thinking"|"speaking"|"ducked"
---@field health "ok"|"warning"|"error"
---@field message string what is wrong and the next step; empty when all is well
---@field parts? table<string, string>
---@field latencyMs? number
---@field seq integer

---The mirror of TranscriptLine in protocol.py.
---@class duologue.TranscriptLine
---@field id string
---@field role "user"|"partner"
---@field text string
---@field final boolean
---@field heardUpTo? integer characters of `text` that have been heard so far
---@field cause? string

---The mirror of OfferShown in protocol.py.
---@class duologue.Offer
---@field id string
---@field text string
---@field urgency number
---@field trigger string
---@field uri? string
---@field line? integer zero-based
---@field outcome "waiting"|"spoken"|"accepted"|"dismissed"|"dropped"
---@field channel? "mark"|"cue"|"speech" how loud it has become
---@field fix? string what accepting it changes in the code, in a few words; empty when nothing

---What every `duologue.<verb>` answers.
---@class duologue.Answer
---@field ok boolean
---@field message string

---A stretch of one screen row in one highlight group; columns are bytes, zero-based, end-exclusive.
---@class duologue.Span
---@field row integer
---@field from integer
---@field to integer
---@field group string
