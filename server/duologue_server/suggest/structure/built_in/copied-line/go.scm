(statement_list) @here
