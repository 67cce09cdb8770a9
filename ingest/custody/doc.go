// Package custody is what an outsider does with what Berth hands over: verify
// sealed files without any private key, and open them with the agency's.
//
// It promises one clear sentence for every refusal; that content which did not
// authenticate never appears under an output's final name and never reaches a
// pipe; and that "this file is not what the station wrote" (ErrIntegrity or
// ErrSigner) can be told from "this could not be done". It knows no journal, no
// station's configuration and no network, and runs on any operating system.
package custody
