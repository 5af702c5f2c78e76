(expression_statement [(return_expression) (continue_expression) (break_expression)]) @end @here
