[(compound_statement) (initializer_list)] @here
