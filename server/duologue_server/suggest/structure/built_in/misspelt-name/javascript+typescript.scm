(program) @here
