if vim.g.loaded_duologue then
  return
end
vim.g.loaded_duologue = true

vim.api.nvim_create_user_command("Duologue", function(args)
  require("duologue.commands").run(args.fargs)
end, {
  nargs = "+",
  desc = "Talk with the spoken pair programmer",
  complete = function(...)
    return require("duologue.commands").complete(...)
  end,
})

for _, name in ipairs({ "start", "stop", "mute", "unmute", "talk", "snooze", "repeat", "why", "accept", "dismiss" }) do
  vim.keymap.set({ "n", "x", "i", "t" }, ("<Plug>(duologue-%s)"):format(name), function()
    require("duologue")[name]()
  end, { desc = "Duologue: " .. name })
end
