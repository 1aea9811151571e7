package local

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"crypto/rand"

	"github.com/google/uuid"

	"gas/pkg/port"
)

// installationFile keeps the installation in the data folder and in each folder of objects.
const installationFile = "installation.json"

// install makes the installation of a new folder and returns that of the database. A database that says something else than its folder
// is opened all the same: operators must be able to look. Whoever deletes compares first.
func install(ctx context.Context, db *database, data string) (port.Installation, error) {
	found, err := installed(ctx, db)
	if errors.Is(err, port.ErrNotFound) {
		found = port.Installation{ID: uuid.NewString(), Epoch: 1}
		err = saveInstallation(ctx, db, found)
	}
	if err != nil {
		return found, err
	}
	for _, folder := range []string{"", "inputs", "results", "vault"} {
		path := filepath.Join(data, folder, installationFile)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			if err := writeInstallation(path, found); err != nil {
				return found, err
			}
		}
	}
	return found, nil
}

// installed reads what the database says.
func installed(ctx context.Context, db *database) (found port.Installation, err error) {
	if err := db.read.row(ctx, []any{&found.ID, &found.Epoch}, "SELECT id, epoch FROM installation"); err != nil {
		return found, fmt.Errorf("read installation: %w", err)
	}
	return found, nil
}

// saveInstallation replaces what the database says.
func saveInstallation(ctx context.Context, db *database, i port.Installation) error {
	return db.write(ctx, func(tx *transaction) error {
		if _, err := tx.exec(ctx, "DELETE FROM installation"); err != nil {
			return err
		}
		_, err := tx.exec(ctx, "INSERT INTO installation (id, epoch) VALUES (?, ?)", i.ID, i.Epoch)
		return err
	})
}

// RaiseEpoch begins a new epoch after a backup was restored: keys of the old one are never written again.
func (l *Local) RaiseEpoch(ctx context.Context) (port.Installation, error) {
	raised := l.Install
	raised.Epoch++
	if err := saveInstallation(ctx, l.db, raised); err != nil {
		return l.Install, err
	}
	for _, o := range l.objects {
		if err := writeInstallation(filepath.Join(o.root.Name(), installationFile), raised); err != nil {
			return l.Install, err
		}
	}
	if err := writeInstallation(filepath.Join(filepath.Dir(l.objects[0].root.Name()), installationFile), raised); err != nil {
		return l.Install, err
	}
	l.Install = raised
	return raised, nil
}

// writeInstallation writes the file of a folder.
func writeInstallation(path string, i port.Installation) error {
	data, err := encode(i)
	if err != nil {
		return err
	}
	return writeFile(path, append(data, '\n'))
}

// readInstallation reads the file of a folder.
func readInstallation(path string) (found port.Installation, err error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = port.ErrNotFound
	}
	if err == nil {
		err = json.Unmarshal(data, &found)
	}
	if err != nil {
		return found, fmt.Errorf("read installation of %s: %w", filepath.Base(filepath.Dir(path)), err)
	}
	return found, nil
}

// keptSecret reads the folder's secret, or makes it.
func keptSecret(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		raw := make([]byte, 32)
		rand.Read(raw) // never fails: it ends the program instead
		data = []byte(hex.EncodeToString(raw) + "\n")
		err = writeFile(path, data)
	}
	if err != nil {
		return nil, fmt.Errorf("read the data folder's secret: %w", err)
	}
	return []byte(strings.TrimSpace(string(data))), nil
}

// writeFile puts a small file in place at once: temporary, fsync, rename, fsync of its folder.
func writeFile(path string, data []byte) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".tmp-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(file.Name())
		}
	}()
	_, err = file.Write(data)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
