[(return_statement) (raise_statement) (continue_statement) (break_statement)] @end @here
