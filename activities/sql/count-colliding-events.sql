SELECT count() AS events
FROM colliding
