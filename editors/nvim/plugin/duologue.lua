if vim.g.loaded_duologue then
  return
end
vim.g.loaded_duologue = true

vim.api.nvim_create_user_command("Duologue", function(args)
  require("duologue.commands").run(args.fargs)
end, {
  nargs = "*",
  desc = "Talk with the spoken pair programmer",
  complete = function(...)
    return require("duologue.commands").complete(...)
  end,
})

-- Written out, so that nothing has to be loaded for it; a test compares it with the commands.
local verbs = "start stop mute unmute toggle-mute talk hush snooze sleep wake repeat why accept dismiss jump transcript menu"

for verb in verbs:gmatch("%S+") do
  vim.keymap.set({ "n", "x", "i", "t" }, ("<Plug>(duologue-%s)"):format(verb), function()
    require("duologue.commands").key(verb)
  end, { desc = "Duologue: " .. verb })
end
