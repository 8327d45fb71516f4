module unmogrowp/stack/jaeger

go 1.24.6

require github.com/jaegertracing/jaeger v1.76.0

// A dependency of a dependency; the version that it asks for does not exist any more under this path.
replace github.com/Shopify/sarama => github.com/Shopify/sarama v1.33.0
