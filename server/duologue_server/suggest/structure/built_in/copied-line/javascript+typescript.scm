(statement_block) @here
