[(return_statement) (continue_statement) (break_statement)] @end @here
