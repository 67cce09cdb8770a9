package custody

import (
	"encoding/json"
	"fmt"
	"io"

	"berth/dock"
	"berth/ingest/seal"
)

// opened is the JSON form of `open --metadata`: what was sealed about the
// recording, in the form of seal's FORMAT.md, and what was checked.
type opened struct {
	NameText string        `json:"name_text"` // the raw name, escaped for human eyes
	Metadata seal.Metadata `json:"metadata"`
	Closing  seal.Closing  `json:"closing"`
	Sealed   Report        `json:"sealed"`
}

func writeMetadata(w io.Writer, reader *seal.Reader, report Report) error {
	report.File = ""
	metadata := reader.Metadata()
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(opened{
		NameText: dock.RawName(metadata.Name).Display(),
		Metadata: metadata, Closing: reader.Closing(), Sealed: report,
	})
	if err != nil {
		return fmt.Errorf("write the metadata: %w", err)
	}
	return nil
}
