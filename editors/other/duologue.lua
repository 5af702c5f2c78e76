-- init.lua of Neovim 0.11 or newer, without the plugin
vim.lsp.config("duologue", {
  cmd = { "duologue", "lsp" },
  root_markers = { ".git" },
  flags = { debounce_text_changes = 0 },
  settings = { duologue = { unpromptedPerHour = 4 } },
})
vim.lsp.enable("duologue")
vim.api.nvim_create_user_command("Duo", function(args)
  local client = vim.lsp.get_clients({ name = "duologue" })[1]
  client:exec_cmd({ title = args.args, command = "duologue." .. args.args, arguments = {} })
end, { nargs = 1 })
