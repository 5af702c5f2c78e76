(if_expression) @here
