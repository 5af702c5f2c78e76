(block) @here
