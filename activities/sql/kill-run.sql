KILL QUERY WHERE query_id = {runId:String} SYNC
