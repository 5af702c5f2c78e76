"""The console command `duologue`; one module per subcommand, imported only when it is asked for."""
