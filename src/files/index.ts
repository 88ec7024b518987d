/** The door for files: up and down, to and from one folder, on the letters of tpft. Needs Node. */
export { FileError, type FileErrorCode } from './file-error.js';
export { type FilesOptions, filesOptions, type Progress } from './options.js';
export { download, type DownloadOptions } from './download.js';
export { type FileEvent, serveFiles, type ServeFilesOptions } from './serve-files.js';
export { upload, type UploadOptions } from './upload.js';
