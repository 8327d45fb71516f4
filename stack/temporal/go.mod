module unmogrowp/stack/temporal

go 1.25.0

require (
	github.com/temporalio/cli v1.5.1
	// With the version that the command line program asks for, a call that a client gives up can break the database for
	// good: every later one is answered with "interrupted (9)".
	modernc.org/sqlite v1.44.3
)
