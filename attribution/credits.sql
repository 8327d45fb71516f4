INSERT INTO credits_raw_v1
SELECT * FROM credits_raw_v1 WHERE 0 AND tuple({tenantId:String}, {windowStartMs:Int64}, {windowEndMs:Int64}, {runId:UUID}, {cutoff:Map(String, Array(UInt64))},
 {models:Array(String)}, {lookbackClickMs:Int64}, {lookbackImpressionMs:Int64}, {conversionNames:Array(String)}, {halfLifeMs:Int64}, {firstShareNano:Int64}, {lastShareNano:Int64}, {milestone:String}) = tuple()
