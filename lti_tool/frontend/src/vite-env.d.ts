// Style sheets are imported for their effect; Vite bundles them.
declare module "*.css";
// Vite answers with the address of the file, which it copies beside the program.
declare module "*.wasm?url" {
  const url: string;
  export default url;
}
